/** This machine has not what a fault needs; its message says what that is. */
export class Skipped extends Error {}
