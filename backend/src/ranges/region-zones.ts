/**
 * The time zones of Russia's regions: Federal law 107-FZ of 3.06.2011, article 5, with its changes; names by the IANA
 * database. A region is told by how its name begins, whatever its kind is called and however it is shortened.
 */
const ZONES: readonly (readonly [zone: string, ...regions: string[]])[] = [
  ['Europe/Kaliningrad', 'калининград'],
  ['Europe/Samara', 'самарск', 'удмурт'],
  ['Europe/Astrakhan', 'астрахан'],
  ['Europe/Saratov', 'саратов'],
  ['Europe/Ulyanovsk', 'ульяновск'],
  [
    'Asia/Yekaterinburg',
    ...['башкорт', 'курган', 'оренбург', 'перм', 'свердловск', 'тюмен', 'ханты', 'челябинск', 'ямал'],
  ],
  ['Asia/Omsk', 'омск'],
  ['Asia/Barnaul', 'алтай'],
  ['Asia/Novosibirsk', 'новосибирск'],
  ['Asia/Novokuznetsk', 'кемеров'],
  ['Asia/Tomsk', 'томск'],
  ['Asia/Krasnoyarsk', 'красноярск', 'тува', 'тыва', 'хакас'],
  // Before Buryatia: the Aga Buryat district is Transbaikal's.
  ['Asia/Chita', 'забайкал'],
  ['Asia/Irkutsk', 'бурят', 'иркутск'],
  ['Asia/Yakutsk', 'амурск', 'саха', 'якут'],
  ['Asia/Vladivostok', 'еврейск', 'приморск', 'хабаровск'],
  ['Asia/Magadan', 'магадан'],
  ['Asia/Sakhalin', 'сахалин'],
  ['Asia/Kamchatka', 'камчат'],
  ['Asia/Anadyr', 'чукот'],
  ['Asia/Qyzylorda', 'байконур'],
  ['Europe/Kirov', 'киров'],
  ['Europe/Volgograd', 'волгоград'],
  [
    'Europe/Moscow',
    ...['адыге', 'архангел', 'белгород', 'брянск', 'владимир', 'вологод', 'воронеж', 'дагестан', 'донецк'],
    ...['запорож', 'иванов', 'ингуш', 'кабардин', 'калмык', 'калуж', 'карач', 'карел', 'коми', 'костром'],
    ...[
      'краснодар',
      'крым',
      'курск',
      'ленинград',
      'липецк',
      'луганск',
      'мари',
      'мордов',
      'москв',
      'московск',
    ],
    ...[
      'мурманск',
      'ненец',
      'нижегород',
      'новгород',
      'орлов',
      'осети',
      'пенз',
      'петербург',
      'псков',
      'ростов',
    ],
    ...[
      'рязан',
      'севастопол',
      'смоленск',
      'ставропол',
      'тамбов',
      'татар',
      'твер',
      'тульск',
      'херсон',
      'чечен',
    ],
    ...['чуваш', 'ярослав'],
  ],
];

/** Districts with another clock than their region's: the east of Yakutia, and the Northern Kurils. */
const DISTRICTS: readonly (readonly [zone: string, ...districts: string[]])[] = [
  ['Asia/Vladivostok', 'верхоян', 'усть-ян'],
  ['Asia/Ust-Nera', 'оймякон'],
  ['Asia/Srednekolymsk', 'абыйск', 'аллаихов', 'верхнеколым', 'момск', 'нижнеколым', 'среднеколым'],
  ['Asia/Srednekolymsk', 'северо-курил'],
];
const WITH_DISTRICTS = /(?<!\p{L})(саха|якут|сахалин)/u;

const REGION_RULES = rulesOf(ZONES);
const DISTRICT_RULES = rulesOf(DISTRICTS);

/**
 * @param territory as the registry of the numbering plan has it: the region, or what lies in it and then the region:
 *   `Самарская обл.`, `г. Москва и Московская область`, `г. Сургут|Ханты-Мансийский автономный округ - Югра`
 * @returns its zone; null where it is none of Russia's regions
 */
export function zoneOfRegion(territory: string): string | null {
  const name = territory.toLowerCase().replace(/\s*-\s*/g, '-');
  const region = name.split('|').at(-1)!;
  if (WITH_DISTRICTS.test(region)) {
    const district = zoneBy(DISTRICT_RULES, name);
    if (district) return district;
  }
  return zoneBy(REGION_RULES, region);
}

interface Rule {
  zone: string;
  pattern: RegExp;
}

function rulesOf(zones: readonly (readonly [string, ...string[]])[]): Rule[] {
  return zones.map(([zone, ...beginnings]) => ({
    zone,
    pattern: new RegExp(`(?<![\\p{L}])(${beginnings.join('|')})`, 'u'),
  }));
}

function zoneBy(rules: readonly Rule[], name: string): string | null {
  return rules.find(({ pattern }) => pattern.test(name))?.zone ?? null;
}
