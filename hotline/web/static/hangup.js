// Ends a talk. The service hangs our leg up and so knows that it was meant; a leg that vanishes without its doing
// is a talk that broke off. Only when the service does not answer does the telephone hang up by itself.

import { api } from "./api.js";
import { rest } from "./timers.js";

const ANSWER_MS = 1500;
let ending = null;

// refused(error) shows what did not work when there is no leg of the talk in this tab.
export async function hangUp(phone, orphan, refused) {
  const leg = phone.leg;
  if (!leg) return api.hangUp().catch(refused);
  if (orphan || !phone.talking) return phone.hangUp();
  if (ending === leg) return undefined;
  ending = leg;
  await Promise.race([api.hangUp().then(() => rest(ANSWER_MS)), rest(ANSWER_MS)]).catch(() => {});
  if (phone.leg === leg) phone.hangUp();
  ending = null;
  return undefined;
}
