/** The first of the controls in their card: while it is in sight, the bar need not be. */
export const MAIN_CONTROL_ID = 'main-control';
