/** What Nest injects by name instead of by class. */
export const CONFIG = Symbol('Config');
export const MANIFEST = Symbol('Manifest');
export const GATEWAYS = Symbol('Gateways');
