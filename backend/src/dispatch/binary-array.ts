/**
 * Arrays as PostgreSQL's binary form has them (`array_send` in src/backend/utils/adt/arrayfuncs.c): dimensions, flags,
 * the elements' type, length and lower bound, then each element after its length in bytes; a null has the length -1.
 * `pg` sends a Buffer as a binary parameter. As text the arrays of a batch would be thousands of little strings, which
 * are most of what recording costs this process.
 */
const HEAD_BYTES = 20;

/** Of the table pg_type, fixed for ever. */
const OID = { bool: 16, int2: 21, int4: 23, text: 25, float8: 701 };

type Value<T> = T | null;

export function int4Array(values: readonly Value<number>[]): Buffer {
  return fixedSize(OID.int4, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at));
}

export function int2Array(values: readonly Value<number>[]): Buffer {
  return fixedSize(OID.int2, 2, values, (buffer, value, at) => buffer.writeInt16BE(value, at));
}

export function float8Array(values: readonly Value<number>[]): Buffer {
  return fixedSize(OID.float8, 8, values, (buffer, value, at) => buffer.writeDoubleBE(value, at));
}

export function boolArray(values: readonly Value<boolean>[]): Buffer {
  return fixedSize(OID.bool, 1, values, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at));
}

/** @throws by PostgreSQL, SQLSTATE 22021, for a NUL */
export function textArray(values: readonly Value<string>[]): Buffer {
  let size = HEAD_BYTES;
  for (const value of values) size += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const buffer = withHead(OID.text, values, size);
  let at = HEAD_BYTES;
  for (const value of values) {
    const length = value === null ? 0 : buffer.write(value, at + 4);
    buffer.writeInt32BE(value === null ? -1 : length, at);
    at += 4 + length;
  }
  return buffer;
}

function fixedSize<T>(
  oid: number,
  bytes: number,
  values: readonly Value<T>[],
  write: (buffer: Buffer, value: T, at: number) => unknown,
): Buffer {
  let nulls = 0;
  for (const value of values) if (value === null) nulls += 1;
  const buffer = withHead(oid, values, HEAD_BYTES + values.length * (4 + bytes) - nulls * bytes);
  let at = HEAD_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(value === null ? -1 : bytes, at);
    if (value === null) continue;
    write(buffer, value, at);
    at += bytes;
  }
  return buffer;
}

/** An empty array has no dimension, and nothing after its type. */
function withHead(oid: number, values: readonly unknown[], size: number): Buffer {
  const isEmpty = values.length === 0;
  const buffer = Buffer.allocUnsafe(isEmpty ? 12 : size);
  buffer.writeInt32BE(isEmpty ? 0 : 1, 0);
  buffer.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  if (isEmpty) return buffer;
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}
