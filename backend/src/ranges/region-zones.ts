/**
 * The eleven time zones of Russia, each by one IANA name, and the regions in them: Federal law 107-FZ of 3.06.2011, article 5,
 * with its changes. A region is told by how a word of its name begins, whatever its kind is called and however shortened.
 */
const ZONES: readonly (readonly [zone: string, ...regions: string[]])[] = [
  ['Europe/Kaliningrad', 'калининград'],
  ['Europe/Samara', 'астрахан', 'самарск', 'саратов', 'удмурт', 'ульяновск'],
  [
    'Asia/Yekaterinburg',
    ...['башкорт', 'курган', 'оренбург', 'перм', 'свердловск', 'тюмен', 'ханты', 'челябинск', 'ямал'],
  ],
  ['Asia/Omsk', 'омск'],
  [
    'Asia/Krasnoyarsk',
    ...['алтай', 'кемеров', 'красноярск', 'новосибирск', 'томск', 'тува', 'тыва', 'хакас'],
  ],
  // Before those whose names begin alike, or stand in theirs: Sakha, and Buryatia in Transbaikal's Aga Buryat district.
  ['Asia/Magadan', 'магадан', 'сахалин'],
  ['Asia/Yakutsk', 'амурск', 'забайкал', 'саха', 'якут'],
  ['Asia/Irkutsk', 'бурят', 'иркутск'],
  ['Asia/Vladivostok', 'еврейск', 'приморск', 'хабаровск'],
  ['Asia/Kamchatka', 'камчат', 'чукот'],
  ['Asia/Qyzylorda', 'байконур'],
  [
    'Europe/Moscow',
    ...['адыге', 'архангел', 'белгород', 'брянск', 'владимир', 'волгоград', 'вологод', 'воронеж', 'дагестан'],
    ...['донецк', 'запорож', 'иванов', 'ингуш', 'кабардин', 'калмык', 'калуж', 'карач', 'карел', 'киров'],
    ...['коми', 'костром', 'краснодар', 'крым', 'курск', 'ленинград', 'липецк', 'луганск', 'мари', 'мордов'],
    ...['москв', 'московск', 'мурманск', 'ненец', 'нижегород', 'новгород', 'орлов', 'осети', 'пенз'],
    ...['петербург', 'псков', 'ростов', 'рязан', 'севастопол', 'смоленск', 'ставропол', 'тамбов', 'татар'],
    ...['твер', 'тульск', 'херсон', 'чечен', 'чуваш', 'ярослав'],
  ],
];

/** Districts with another clock than their region's: the east of Yakutia, and the Northern Kurils, which have Sakhalin's. */
const YAKUTIA = rulesOf([
  ['Asia/Vladivostok', 'верхоян', 'оймякон', 'усть-ян'],
  ['Asia/Magadan', 'абыйск', 'аллаихов', 'верхнеколым', 'момск', 'нижнеколым', 'среднеколым'],
]);

const REGIONS = rulesOf(ZONES);

/**
 * @param territory as the registry of the numbering plan has it: a region, several of them, or what lies in one and then the
 *   region: `Самарская обл.`, `Город Москва, Московская область`, `г. Сургут|Ханты-Мансийский автономный округ - Югра`
 * @returns its zone; null where it is none of Russia's regions, or of several with different clocks
 */
export function zoneOfTerritory(territory: string): string | null {
  const places = territory
    .toLowerCase()
    .replace(/\s*-\s*/g, '-')
    .split(/,|\*| и /);
  const zones = new Set(places.map(zoneOfPlace));
  return zones.size === 1 ? [...zones][0]! : null;
}

function zoneOfPlace(place: string): string | null {
  const region = place.split('|').at(-1)!;
  const zone = zoneBy(REGIONS, region);
  return zone === 'Asia/Yakutsk' ? (zoneBy(YAKUTIA, place) ?? zone) : zone;
}

interface Rule {
  zone: string;
  pattern: RegExp;
}

function rulesOf(zones: readonly (readonly [string, ...string[]])[]): Rule[] {
  return zones.map(([zone, ...beginnings]) => ({
    zone,
    pattern: new RegExp(`(?<!\\p{L})(${beginnings.join('|')})`, 'u'),
  }));
}

function zoneBy(rules: readonly Rule[], name: string): string | null {
  return rules.find(({ pattern }) => pattern.test(name))?.zone ?? null;
}
