export async function until(
  what: string,
  withinMs: number,
  reached: () => boolean | Promise<boolean>,
  everyMs = 50,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await pause(everyMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
