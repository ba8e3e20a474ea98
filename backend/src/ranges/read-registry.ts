import { parse } from 'csv-parse/sync';
import { detectEncoding } from '../lists/reading/encoding.ts';
import { zoneOfTerritory } from './region-zones.ts';

/** Numbers from low to high, as digits of E.164. */
export interface NumberRange {
  low: number;
  high: number;
  zone: string;
}

export interface Registry {
  ranges: NumberRange[];
  /** Lines with a range. */
  lines: number;
  /** Places whose zone is not known, and how many numbers each has: the account's clock will count for them. */
  unknown: Map<string, number>;
}

export class RegistryError extends Error {}

const COUNTRY = '7';
const COLUMNS = {
  code: /^[аa][вb][сc]/i,
  from: /^от$/i,
  to: /^до$/i,
  region: /^регион$/i,
  address: /гар$/i,
};

/**
 * A file of the registry of the Russian numbering plan, as the ministry publishes it (`DEF-9xx.csv`, `ABC-3xx.csv`, …):
 * `АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН`, in UTF-8 or windows-1251. The columns may stand in any order.
 *
 * @throws RegistryError with the line, where it is no such file
 */
export function readRegistry(bytes: Uint8Array): Registry {
  const rows = recordsOf(bytes);
  const columns = columnsOf(rows[0] ?? []);
  const registry: Registry = { ranges: [], lines: 0, unknown: new Map() };
  for (const [at, row] of rows.entries()) {
    if (at === 0 || row.every((cell) => cell.trim() === '')) continue;
    const cell = (column: number) => row[column]?.trim() ?? '';
    const [low, high] = [columns.from, columns.to].map((end) => numberOf(cell(columns.code), cell(end)));
    if (!low || !high || low > high) {
      throw new RegistryError(`line ${at + 1}: no range of ten-digit numbers: ${row.join(';')}`);
    }
    registry.lines += 1;
    // By the state's register of addresses, where the file has it: the other column is sometimes a village.
    const places = [columns.address, columns.region].filter((at) => at >= 0).map(cell);
    const zone = places.map(zoneOfTerritory).find((each) => each !== null);
    const place = places[0]!;
    if (zone) registry.ranges.push({ low, high, zone });
    else registry.unknown.set(place, (registry.unknown.get(place) ?? 0) + high - low + 1);
  }
  return registry;
}

/** @param end of the range, whose leading zeros a spreadsheet may have taken · @returns null where it is no number */
function numberOf(code: string, end: string): number | null {
  return /^\d{3}$/.test(code) && /^\d{1,7}$/.test(end) ? Number(COUNTRY + code + end.padStart(7, '0')) : null;
}

function recordsOf(bytes: Uint8Array): string[][] {
  const { encoding, bomBytes } = detectEncoding(bytes);
  const text = new TextDecoder(encoding).decode(bytes.subarray(bomBytes));
  try {
    // Its quotes are those of company names: `ООО "Т2 Мобайл"`.
    return parse(text, { delimiter: ';', quote: false, relax_column_count: true });
  } catch (error) {
    throw new RegistryError((error as Error).message);
  }
}

function columnsOf(header: readonly string[]): Record<keyof typeof COLUMNS, number> {
  const find = (pattern: RegExp) => header.findIndex((name) => pattern.test(name.trim()));
  const found = {
    code: find(COLUMNS.code),
    from: find(COLUMNS.from),
    to: find(COLUMNS.to),
    region: find(COLUMNS.region),
    address: find(COLUMNS.address),
  };
  const missing = [found.code, found.from, found.to, found.region].some((at) => at < 0);
  if (missing) {
    throw new RegistryError(
      `the first line has not the columns АВС/ DEF, От, До, Регион: ${header.join(';') || '(empty)'}`,
    );
  }
  return found;
}

/**
 * In order, neighbours of one zone as one: 17,000 ranges are a few thousand then.
 * @throws RegistryError where two ranges have the same number and different zones
 */
export function joined(ranges: readonly NumberRange[]): NumberRange[] {
  const result: NumberRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.low - b.low)) {
    const last = result.at(-1);
    if (last && range.low <= last.high && range.zone !== last.zone) {
      throw new RegistryError(`+${range.low} is in two ranges, of ${last.zone} and of ${range.zone}`);
    }
    if (last && range.zone === last.zone && range.low <= last.high + 1) {
      last.high = Math.max(last.high, range.high);
    } else result.push({ ...range });
  }
  return result;
}
