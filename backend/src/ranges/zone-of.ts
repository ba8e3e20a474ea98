/**
 * Joins each row with the range of the numbering plan that its phone number is in, if there is one: `region.zone`. The
 * place of the range is found in an array of their beginnings, which is made once for a statement: for a whole file a
 * look into the index for each number takes longer than all the rest of a Start.
 *
 * @param phone an expression, E.164: `+79120000000`
 */
export function withRegion(phone: string): string {
  const digits = `substr(${phone}, 2)::bigint`;
  const lows = '(select array_agg(low order by low) from number_range)';
  return `left join number_range region
            on region.low = (${lows})[width_bucket(${digits}, ${lows})] and region.high >= ${digits}`;
}
