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

/** A cell's SQL expression with the guard against formulas; the quoting is left to COPY's CSV form. Empty is null. */
export function guardedSql(cell: string): string {
  return `case when ascii(${cell}) in (${FORMULA_STARTS}) then '''' || ${cell} else nullif(${cell}, '') end`;
}

const FORMULA_STARTS = [...'=+-@\t\r'].map((start) => start.charCodeAt(0)).join(', ');
