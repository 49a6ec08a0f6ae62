"""How contexts and extensions are written down."""

QUIET_END = "exten => h,1,NoOp()"
"""What runs when the caller hangs up: nothing, and above all no second AGI session."""
Step = str | tuple[str, str]
"""An application with its arguments; as a pair, the label comes before it."""


def context(name: str, *extensions: str) -> str:
    """One context as text."""
    return "\n".join((f"[{name}]", *extensions)) + "\n"


def extension(name: str, *steps: Step) -> str:
    """One extension or pattern, its steps in order."""
    first, *others = [_split(step) for step in steps]
    lines = [f"exten => {name},1{first[0]},{first[1]}"]
    return "\n".join([*lines, *(f" same => n{label},{application}" for label, application in others)])


def set_to(name: str, value: str) -> str:
    """The step that gives a variable this value."""
    return f"Set({name}={value})"


def given(name: str) -> str:
    """The value of a variable."""
    return f"${{{name}}}"


def _split(step: Step) -> tuple[str, str]:
    if isinstance(step, str):
        return "", step
    label, application = step
    return f"({label})", application
