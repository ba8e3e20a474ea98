import { bubble, replyForm } from './bubbles.js';
import { call, data, el, every, phoneText, t, toast } from './shell.js';

const list = document.getElementById('phones');
const empty = document.getElementById('empty');
const find = document.getElementById('find');
/** phone → its element and what it shows; elements are kept, so that a reply being written is not lost. */
const cards = new Map();

async function refresh() {
  const search = find.search.value;
  const query = new URLSearchParams({ tenant: data.tenant, search });
  const { phones, total } = await call('GET', `/sandbox/phones?${query}`);
  if (search !== find.search.value) return;
  document.getElementById('total').value = total;
  empty.hidden = phones.length > 0;
  empty.textContent = t(search === '' ? 'phonesEmpty' : 'phonesNotFound');
  draw(phones);
}

function draw(phones) {
  const writing =
    list.contains(document.activeElement) || [...list.querySelectorAll('[name=text]')].some((i) => i.value);
  const wanted = new Set(phones.map(({ phone }) => phone));
  for (const [phone, card] of cards) {
    if (wanted.has(phone) || (writing && card.element.contains(document.activeElement))) continue;
    card.element.remove();
    cards.delete(phone);
  }
  phones.forEach((phone, place) => {
    let card = cards.get(phone.phone);
    if (!card) {
      card = { element: phoneCard(phone), shown: '' };
      cards.set(phone.phone, card);
      list.insertBefore(card.element, list.children[place] ?? null);
    } else if (!writing && list.children[place] !== card.element) {
      list.insertBefore(card.element, list.children[place] ?? null);
    }
    update(card, phone);
  });
}

function update(card, { bubbles }) {
  const now = JSON.stringify(bubbles);
  if (card.shown === now) return;
  card.shown = now;
  const thread = card.element.querySelector('.thread');
  thread.replaceChildren(...bubbles.map(bubble));
  thread.scrollTop = thread.scrollHeight;
}

function phoneCard({ phone, channel_id, replies }) {
  return el(
    'li',
    { class: 'phone', 'data-phone': phone },
    el('h2', {}, phoneText(phone)),
    el('ol', { class: 'thread', tabindex: '0', 'aria-label': phoneText(phone) }),
    replies ? customerForm(phone, channel_id) : el('p', { class: 'muted' }, t('oneWay')),
  );
}

function customerForm(phone, channel_id) {
  const quote = el('label', { class: 'quote' }, el('input', { type: 'checkbox', name: 'quote' }), t('quote'));
  const send = async (text, form) => {
    const reply = { tenant: data.tenant, phone, channel_id, text, quote: form.quote.checked };
    await call('POST', '/sandbox/reply', reply).then(refresh, (problem) => toast(problem.message, 'error'));
  };
  return replyForm({ label: t('replyAs'), placeholder: t('replyText'), extra: quote, send });
}

find.addEventListener('submit', (event) => event.preventDefault());
find.search.addEventListener('input', () => void refresh().catch(() => {}));
every(1500, refresh);
