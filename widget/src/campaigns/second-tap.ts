/**
 * Where Pause was pressed stands Resume as soon as the answer is there, and a finger in a hurry taps twice: for so long
 * after a pause nothing that undoes it, or puts its receipt away, does anything. Pause itself always does. Such a button is
 * `aria-disabled`, not `disabled`: it would lose the focus. The same for a list whose lines have moved: the button under
 * the finger is another campaign's.
 */
export const SECOND_TAP_MS = 1000;
