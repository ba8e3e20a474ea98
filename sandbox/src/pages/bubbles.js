import { clock, el, t } from './shell.js';

/** One message of a conversation. */
export function bubble({ from, text, at, channel, status }) {
  const foot = [t(`from_${from}`), channel, clock(at), status && t(`status_${status}`)].filter(Boolean);
  return el(
    'li',
    { class: `bubble ${from}`, 'data-status': status ?? null },
    el('p', {}, text),
    el('small', {}, foot.join(' · ')),
  );
}

export function replyForm({ label, placeholder = label, extra, send }) {
  const text = el('input', {
    name: 'text',
    required: true,
    autocomplete: 'off',
    placeholder,
    'aria-label': label,
  });
  const form = el('form', { class: 'reply' }, text, el('button', {}, t('send')), extra);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    await send(text.value, form);
    text.value = '';
  });
  return form;
}
