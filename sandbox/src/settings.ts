import { Problem } from './problem.ts';

/** With these the sandbox answers every send with the code, so that the campaign must stop. */
export const STOP_CODES = {
  balance: 402,
  sender_blocked: 403,
  unauthorized: 401,
  template_paused: 422,
  template_not_found: 422,
} as const;
export type StopCode = keyof typeof STOP_CODES;

/** How the sandbox behaves. Shares go from 0 to 1; times are milliseconds unless the name says otherwise. */
export interface Settings {
  latencyMs: number;
  rate429: number;
  rate503: number;
  rate500: number;
  retryAfterSeconds: number;
  /** Accepts the message, then destroys the connection without an answer. */
  resetAfterAccept: number;
  /** Accepts the message, then never answers. */
  hangAfterAccept: number;
  /** Neither accepts the message nor answers. */
  silentShare: number;
  /** Off: a message asked for twice under one key is accepted twice, as by a provider that knows no keys. */
  honourKeys: boolean;
  /** Off: a channel that declares a limit takes more all the same, so that what comes above it is seen. */
  holdLimits: boolean;
  refuseShare: number;
  stopCode: StopCode | null;
  /** Makes every choice repeatable; null draws anew at each start. */
  seed: number | null;
  receipts: {
    enabled: boolean;
    delayMs: number;
    deliveredShare: number;
    readShare: number;
    failedShare: number;
    duplicateShare: number;
    shuffle: boolean;
  };
  customers: { replyShare: number; delayMs: number; texts: string[] };
}

export function defaultSettings(): Settings {
  return {
    latencyMs: 20,
    rate429: 0,
    rate503: 0,
    rate500: 0,
    retryAfterSeconds: 1,
    resetAfterAccept: 0,
    hangAfterAccept: 0,
    silentShare: 0,
    honourKeys: true,
    holdLimits: true,
    refuseShare: 0,
    stopCode: null,
    seed: null,
    receipts: {
      enabled: true,
      delayMs: 1500,
      deliveredShare: 0.95,
      readShare: 0.6,
      failedShare: 0.02,
      duplicateShare: 0,
      shuffle: false,
    },
    customers: {
      replyShare: 0.05,
      delayMs: 4000,
      texts: [
        'Да, интересно',
        'СТОП',
        'Перезвоните мне',
        'А до скольки вы работаете?',
        'Спасибо!',
        'Сколько стоит доставка?',
      ],
    },
  };
}

type Tree = { [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkLeaf(path: string, like: unknown, value: unknown): unknown {
  const name = path.split('.').at(-1)!;
  const wrong = (what: string) => new Problem(422, 'invalid', `${path}: ${what}.`);
  if (name === 'stopCode') {
    if (value === null || (typeof value === 'string' && Object.hasOwn(STOP_CODES, value))) return value;
    throw wrong(`null or one of ${Object.keys(STOP_CODES).join(', ')}`);
  }
  if (name === 'seed' && value === null) return null;
  if (Array.isArray(like)) {
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
      return value;
    throw wrong('a list of texts');
  }
  if (typeof like === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw wrong('true or false');
  }
  const share = /^rate\d|AfterAccept$|Share$/.test(name);
  const number = share && typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0 || (share && number > 1)) {
    throw wrong(share ? 'a number from 0 to 1' : 'a number, 0 or more');
  }
  return number;
}

function merge(into: Tree, patch: Tree, prefix = ''): Tree {
  const result = { ...into };
  for (const [key, value] of Object.entries(patch)) {
    const path = prefix + key;
    if (!Object.hasOwn(into, key)) throw new Problem(422, 'invalid', `${path}: there is no such setting.`);
    const old = into[key];
    if (!isTree(old)) result[key] = checkLeaf(path, old, value);
    else if (isTree(value)) result[key] = merge(old, value, `${path}.`);
    else throw new Problem(422, 'invalid', `${path}: an object.`);
  }
  return result;
}

export type SettingsPatch = {
  [K in keyof Settings]?: Settings[K] extends unknown[] | null
    ? Settings[K]
    : Settings[K] extends object
      ? Partial<Settings[K]>
      : Settings[K] | boolean;
};

export class SettingsBox {
  private current = defaultSettings();

  get(): Readonly<Settings> {
    return this.current;
  }

  /** @throws Problem 422 naming the setting that is wrong; nothing is changed then */
  patch(patch: unknown): Readonly<Settings> {
    if (!isTree(patch)) throw new Problem(422, 'invalid', 'The settings must be a JSON object.');
    this.current = merge(this.current as unknown as Tree, patch) as unknown as Settings;
    return this.current;
  }

  change(patch: SettingsPatch): Readonly<Settings> {
    return this.patch(patch);
  }

  reset(): Readonly<Settings> {
    this.current = defaultSettings();
    return this.current;
  }

  /** `?latencyMs=500&receipts.delayMs=100`: what a page's address says of the settings; the rest is not looked at. */
  patchFromQuery(query: Record<string, unknown>): void {
    const patch: Tree = {};
    for (const [path, raw] of Object.entries(query)) {
      const [first, second] = path.split('.') as [string, string?];
      if (!Object.hasOwn(this.current, first) || typeof raw !== 'string') continue;
      const value = parseValue(raw);
      if (second === undefined) patch[first] = value;
      else patch[first] = { ...(isTree(patch[first]) ? patch[first] : {}), [second]: value };
    }
    this.patch(patch);
  }
}

function parseValue(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}
