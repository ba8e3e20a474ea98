/**
 * The zone of a phone number by the ranges of the numbering plan, as an SQL expression; null where no range has it.
 * @param phone an expression, E.164: `+79120000000`
 */
export function zoneOf(phone: string): string {
  const digits = `substr(${phone}, 2)::bigint`;
  return `(select near.zone from (select zone, high from number_range where low <= ${digits} order by low desc limit 1) near
            where near.high >= ${digits})`;
}
