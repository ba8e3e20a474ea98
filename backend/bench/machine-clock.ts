/** Milliseconds of the one monotonic clock that all processes of a machine share; from no moment in particular. */
export function machineMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
