/**
 * CSV as Russian Excel opens it: `;`, CRLF. A cell that a spreadsheet would run as a formula gets an apostrophe
 * before it (OWASP, "CSV Injection"); that also keeps +7… as text, and our own reader takes it off again.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(';')}\r\n`;
}

export function csvCell(cell: string): string {
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[;"\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The same line made by PostgreSQL, for `streamLines`, which adds the line feed. Each expression is a text or null. */
export function csvLineSql(expressions: readonly string[]): string {
  const cells = expressions.map((each) => `csv_cell(${each})`).join(` || ';' || `);
  return `${cells} || E'\\r'`;
}
