import { call, data, t } from './shell.js';

const card = document.getElementById('mass-messaging');
const dialog = document.getElementById('uninstall');
const error = document.getElementById('error');

async function act(action) {
  for (const button of card.querySelectorAll('button')) button.disabled = true;
  try {
    await call('POST', `/sandbox/${action}`, { tenant: data.tenant });
    location.reload();
  } catch (problem) {
    error.textContent = `${t('failed')}: ${problem.message}`;
    error.hidden = false;
    for (const button of card.querySelectorAll('button')) button.disabled = false;
  }
}

card.addEventListener('click', ({ target }) => {
  const action = target.closest('button')?.dataset.action;
  if (action === 'uninstall') dialog.showModal();
  else if (action) void act(action);
});

dialog.addEventListener('close', () => {
  if (dialog.returnValue === 'uninstall') void act('uninstall');
  dialog.returnValue = '';
});

// While the integration is away its picture cannot come; its first letter does.
const picture = card.querySelector('img.icon');
function replacePicture() {
  const letter = document.createElement('span');
  letter.className = 'icon';
  letter.textContent = card.querySelector('h2').textContent.slice(0, 1);
  picture.replaceWith(letter);
}
picture?.addEventListener('error', replacePicture);
if (picture?.complete && picture.naturalWidth === 0) replacePicture();
