/**
 * Loaded into a backend before anything else (`node --import`): its wall clock is wrong by CLOCK_SHIFT_MS. The monotonic
 * clock goes on as it was, as on a machine whose time was set by hand.
 */
const shift = Number(process.env['CLOCK_SHIFT_MS']);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (_target, args: unknown[], newTarget) =>
    Reflect.construct(RealDate, args.length > 0 ? args : [RealDate.now() + shift], newTarget) as object,
  apply: () => new Date().toString(),
  get: (target, key) => (key === 'now' ? () => RealDate.now() + shift : Reflect.get(target, key)),
});

export {};
