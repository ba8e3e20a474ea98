/** The page of the integration: the card, embedded as any host would do it. */
import { embed } from './embed.js';
import { addressOf, call, data, t, toast, view } from './shell.js';

const note = document.getElementById('frame-note');
const { tenant, person, role, url, host, title } = data;

const card = embed({
  into: document.getElementById('card'),
  url,
  host,
  tenant,
  title,
  user: { display_name: person.displayName },
  ...view(),
  token: () => call('POST', '/sandbox/token', { tenant, user: person.id, role }),
  onReady: () => (note.hidden = true),
  onSilent() {
    note.dataset.t = 'frameSilent';
    note.textContent = t('frameSilent');
    note.className = 'alert';
  },
  onCard: ({ name, state }) => void call('POST', '/sandbox/card', { tenant, name, state }).catch(() => {}),
  onNotify: ({ level, text }) => toast(text, ['success', 'error'].includes(level) ? level : 'info'),
  onNavigate({ id }) {
    const address = addressOf('/rmo');
    address.hash = id;
    location.assign(address);
  },
  onError: (error) => toast(`${t('failed')}: ${error.message}`, 'error'),
});
card.frame.id = 'frame';

document.addEventListener('viewchange', ({ detail: { name, value } }) => {
  if (name === 'theme') return card.setTheme(value);
  const text = data.names?.[value] ?? title;
  card.frame.title = text;
  document.querySelector('main h1').textContent = text;
  return card.setLocale(value);
});
