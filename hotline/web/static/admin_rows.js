// Rows of a form that can be added and removed: intervals of a day, absences of a person.

export function startRows(root = document) {
  for (const group of root.querySelectorAll("[data-rows]")) {
    group.querySelector("[data-add-row]").addEventListener("click", () => add(group));
    group.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove-row]");
      if (button) remove(group, button.closest("[data-row]"));
    });
  }
}

function add(group) {
  const row = group.querySelector("template").content.firstElementChild.cloneNode(true);
  group.querySelector("[data-place]").append(row);
  row.querySelector("input").focus();
}

function remove(group, row) {
  row.remove();
  group.querySelector("[data-add-row]").focus();
}
