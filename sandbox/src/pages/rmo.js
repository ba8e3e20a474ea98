import { bubble, replyForm } from './bubbles.js';
import { call, clock, data, el, every, phoneText, t, toast } from './shell.js';

const list = document.getElementById('chats');
const pane = document.getElementById('chat');
let chats = [];
/** The address may name a chat: the card leads here. */
let openId = location.hash.slice(1) || null;
let shown = '';

async function refresh() {
  ({ chats } = await call('GET', `/sandbox/chats?tenant=${data.tenant}`));
  document.getElementById('empty').hidden = chats.length > 0;
  document.getElementById('workplace').hidden = chats.length === 0;
  const now = JSON.stringify(chats);
  if (now === shown) return;
  shown = now;
  drawList();
  drawChat();
}

function drawList() {
  const focused = document.activeElement?.dataset?.chat;
  list.replaceChildren(...chats.map(listItem));
  if (focused) list.querySelector(`[data-chat="${focused}"]`)?.focus();
}

function listItem(chat) {
  const last = chat.bubbles.at(-1);
  const open = () => {
    openId = chat.id;
    drawList();
    drawChat();
  };
  const attributes = {
    type: 'button',
    'data-chat': chat.id,
    'aria-current': chat.id === openId && 'true',
    onclick: open,
  };
  return el(
    'li',
    {},
    el(
      'button',
      attributes,
      el('strong', {}, phoneText(chat.phone)),
      el('time', {}, clock(last.at)),
      el('span', {}, last.text),
      el('small', {}, `${chat.channel} · ${chat.campaign}`),
    ),
  );
}

/** Draws the open chat; a draft of an answer and the focus stay where they are. */
function drawChat() {
  const chat = chats.find(({ id }) => id === openId);
  if (!chat) return;
  let view = pane.querySelector('[data-open]');
  if (view?.dataset.open !== chat.id) {
    view = el(
      'div',
      { 'data-open': chat.id },
      context(chat),
      el('ol', { class: 'thread' }),
      answerForm(chat),
    );
    pane.replaceChildren(view);
  }
  const thread = view.querySelector('.thread');
  thread.replaceChildren(...chat.bubbles.map(bubble));
  thread.scrollTop = thread.scrollHeight;
}

function context({ phone, channel, campaign, message }) {
  const received = message.sent_at
    ? `${t('contextReceived')} · ${clock(message.sent_at)}`
    : t('contextReceived');
  return el(
    'header',
    { class: 'context' },
    el('h2', {}, phoneText(phone)),
    el('p', { class: 'muted' }, channel),
    el('p', {}, `${t('contextTitle')} `, el('strong', {}, campaign)),
    el('small', { class: 'muted' }, received),
    el('blockquote', {}, message.text),
  );
}

function answerForm({ id }) {
  const send = async (text) => {
    await call('POST', `/sandbox/chats/${id}/answer`, { tenant: data.tenant, text }).then(
      refresh,
      (problem) => toast(problem.message, 'error'),
    );
  };
  return replyForm({ label: t('answer'), send });
}

every(1000, refresh);
