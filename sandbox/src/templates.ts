import type { Template, TemplateVariable } from '../../contract/channel.ts';

/** The templates of a tenant: each kind of part and of variable, and each status that matters. */
export function templatesFor(tenant: string, url: string): Template[] {
  const site = `https://${tenant}.example`;
  const template = (id: string, fields: Partial<Template> & Pick<Template, 'name' | 'body'>): Template => ({
    id: `tpl-${tenant}-${id}`,
    locale: 'ru',
    category: 'MARKETING',
    status: 'approved',
    header: null,
    footer: null,
    buttons: [],
    variables: [],
    version: 1,
    ...fields,
  });
  return [
    template('order-ready', {
      name: 'Заказ готов',
      category: 'UTILITY',
      body: 'Здравствуйте, {{1}}! Ваш заказ {{2}} готов к выдаче. Ждём вас сегодня до 21:00.',
      variables: [variable('body', '1', 'Анна'), variable('body', '2', 'А-1024')],
    }),
    template('bonus', {
      name: 'Бонусы за заказ',
      body: '{{first_name}}, за заказ {{order}} мы начислили вам 300 бонусов. Потратьте их до конца месяца.',
      footer: 'Чтобы отписаться, ответьте СТОП',
      buttons: [{ type: 'quick_reply', text: 'Сколько у меня бонусов?' }],
      variables: [variable('body', 'first_name', 'Анна'), variable('body', 'order', 'А-1024')],
    }),
    template('collection', {
      name: 'Новая коллекция',
      header: { format: 'image', url: `${url}/static/bouquet.svg` },
      body: '{{1}}, посмотрите новую коллекцию букетов. Для вас скидка 10 % до воскресенья.',
      footer: 'Чтобы отписаться, ответьте СТОП',
      buttons: [{ type: 'url', text: 'Смотреть', url: `${site}/sale/{{1}}` }],
      variables: [
        variable('body', '1', 'Анна'),
        { key: 'button.0.1', part: 'button', name: '1', example: 'anna-7f3k' },
      ],
    }),
    template('delivery', {
      name: 'Время доставки',
      category: 'UTILITY',
      header: { format: 'text', text: 'Доставка заказа {{1}}' },
      body: 'Курьер приедет {{1}} с {{2}} до {{3}}. Если планы изменились, просто ответьте на это сообщение.',
      variables: [
        variable('header', '1', 'А-1024'),
        variable('body', '1', '24 ноября'),
        variable('body', '2', '10:00'),
        variable('body', '3', '12:00'),
      ],
    }),
    template('holidays', {
      name: 'Часы работы в праздники',
      body: 'Поздравляем с наступающими праздниками! Работаем без выходных с 9:00 до 21:00.',
      buttons: [{ type: 'phone', text: 'Позвонить' }],
    }),
    template('winter-sale', {
      name: 'Зимняя распродажа',
      status: 'paused',
      body: '{{1}}, только три дня: скидки до 40 % на всё.',
      variables: [variable('body', '1', 'Анна')],
    }),
    template('survey', {
      name: 'Опрос после покупки',
      status: 'pending',
      body: '{{1}}, как вам букет? Ответьте цифрой от 1 до 5.',
      variables: [variable('body', '1', 'Анна')],
    }),
    template('welcome-en', {
      name: 'Welcome',
      locale: 'en',
      body: 'Hello {{first_name}}, thank you for your order {{order}}!',
      variables: [variable('body', 'first_name', 'Anna'), variable('body', 'order', 'A-1024')],
    }),
  ];
}

function variable(part: 'header' | 'body', name: string, example: string): TemplateVariable {
  return { key: `${part}.${name}`, part, name, example };
}
