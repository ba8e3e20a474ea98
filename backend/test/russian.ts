import fc from 'fast-check';

/** What stands in the cells of Russian lists; no text of chance letters looks like it. */
const WORDS = {
  header: [
    'Телефон',
    'Имя',
    'ФИО',
    'Фамилия',
    'Город',
    'Адрес',
    'Сумма',
    'Дата рождения',
    'Комментарий',
    'Скидка',
  ],
  name: [
    ...['Анна', 'Иван', 'Мария', 'Пётр', 'Ольга', 'Сергей', 'Елена', 'Дмитрий', 'Наталья', 'Алексей', 'Юлия'],
    ...['Игорь', 'Любовь', 'Фёдор', 'Эдуард', 'Ян', 'Яна', 'Лев', 'Гузель', 'Айгуль', 'Зоя', 'Жанна', 'Хава'],
    ...[
      'Шамиль',
      'Щукина',
      'Цой',
      'Ким',
      'Пак',
      'Иванов',
      'Петрова',
      'Сидоренко',
      'Шевчук',
      'Кузнецова',
      'Ёлкин',
    ],
    ...['Михайловна', 'Сергеевич', 'Ильинична', 'Оглы', 'Юрьевич', 'Чхеидзе', 'Объедков', 'Подъячев', 'Эйхе'],
  ],
  place: [
    ...[
      'Москва',
      'Санкт-Петербург',
      'Уфа',
      'Тверь',
      'Ярославль',
      'Южно-Сахалинск',
      'Йошкар-Ола',
      'Ухта',
      'Омск',
    ],
    ...[
      'ул. Ленина, д. 5',
      'пр-т Мира, 12',
      'Щёлковское ш.',
      'пер. Цветочный, кв. 8',
      'с. Объячево',
      'Энгельс',
    ],
  ],
  goods: [
    ...['букет роз', 'доставка бесплатно', 'ООО «Ромашка»', 'заказ № 15', 'скидка — 10 %', 'шины зимние R16'],
    ...[
      'до востребования',
      'не звонить вечером',
      'цветы и подарки',
      'щенок хаски',
      'чехол',
      'юбка',
      'эмаль белая',
    ],
  ],
};

const phone = fc.integer({ min: 9_000_000_000, max: 9_999_999_999 }).map((national) => `8${national}`);
const cell = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...WORDS.name) },
  fc.tuple(fc.constantFrom(...WORDS.name), fc.constantFrom(...WORDS.name)).map((both) => both.join(' ')),
  fc.constantFrom(...WORDS.place),
  fc.constantFrom(...WORDS.goods),
);
/** As written, in capitals throughout, or in small letters. */
const spelling = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
);

/** A list as Russians make it: 1 to 20 rows of a phone and one to three cells, with a header or without. */
export const russianList = fc
  .record({
    header: fc.option(fc.constantFrom(...WORDS.header), { nil: null }),
    rows: fc.array(fc.tuple(phone, fc.array(cell, { minLength: 1, maxLength: 3 })), {
      minLength: 1,
      maxLength: 20,
    }),
    spell: spelling,
  })
  .map(({ header, rows, spell }) => {
    const lines = rows.map(([number, cells]) => [number, ...cells].join(';'));
    return spell([...(header ? [`Телефон;${header}`] : []), ...lines, ''].join('\r\n'));
  });

/** The shortest that there is: one name beside a number, without header. */
export const shortestList = fc
  .tuple(phone, fc.constantFrom(...WORDS.name), spelling)
  .map(([number, name, spell]) => `${number};${spell(name)}`);
