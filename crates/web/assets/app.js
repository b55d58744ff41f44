// Conveniences only: every page works without this file.
'use strict';

const THEME_DAYS = 400;

// `/` puts the cursor into the search box, as long as nobody is typing.
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, textarea, select, [contenteditable]');
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.querySelector('.search input');
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Themes change at once; the server reads the cookie from the next page on.
document.querySelectorAll('form.themes').forEach((form) => {
  form.addEventListener('submit', (event) => {
    const chosen = event.submitter && event.submitter.value;
    if (!chosen) return;
    event.preventDefault();
    document.documentElement.dataset.theme = chosen;
    document.cookie = `theme=${chosen}; path=/; max-age=${THEME_DAYS * 86400}; samesite=lax`;
    document.querySelectorAll('form.themes button').forEach((button) => {
      button.setAttribute('aria-pressed', String(button.value === chosen));
    });
  });
});

// A row opens on click, unless the click was for something inside it or ended a selection of text.
document.addEventListener('click', (event) => {
  const row = event.target.closest('tr[data-href]');
  if (!row || event.target.closest('a, button, input, select, textarea, summary, label')) return;
  if (String(window.getSelection()).length > 0) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, '_blank', 'noopener');
  else window.location.assign(row.dataset.href);
});

// What cannot be taken back asks first. Without script the page itself is the question.
function ask(form, submitter) {
  const dialog = document.createElement('dialog');
  const title = document.createElement('h2');
  const words = document.createElement('p');
  const acts = document.createElement('div');
  const yes = document.createElement('button');
  const no = document.createElement('button');
  title.textContent = form.dataset.confirm;
  title.id = 'confirm-title';
  words.textContent = form.dataset.confirmDetail || '';
  acts.className = 'acts';
  yes.type = no.type = 'button';
  yes.textContent = form.dataset.confirmYes || '确定';
  yes.className = submitter && submitter.classList.contains('grave') ? 'grave' : 'main-button';
  no.textContent = '返回修改';
  acts.append(yes, no);
  dialog.setAttribute('aria-labelledby', title.id);
  dialog.append(title, words, acts);
  document.body.append(dialog);
  no.addEventListener('click', () => dialog.close());
  yes.addEventListener('click', () => {
    form.dataset.sure = 'yes';
    dialog.close();
    form.requestSubmit(submitter);
  });
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  no.focus();
}

function holds(form, condition) {
  if (!condition) return true;
  const [name, values] = condition.split('=');
  return values.split('|').includes(new FormData(form).get(name));
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  const asks = form.dataset.confirm && holds(form, form.dataset.confirmWhen);
  if (asks && form.dataset.sure !== 'yes' && typeof HTMLDialogElement === 'function') {
    event.preventDefault();
    ask(form, event.submitter);
    return;
  }
  if (form.method !== 'post' || event.defaultPrevented) return;
  // A second press of the same button would file the same thing twice.
  if (form.dataset.sent === 'yes') event.preventDefault();
  form.dataset.sent = 'yes';
});
window.addEventListener('pageshow', () => {
  document.querySelectorAll('form[data-sent]').forEach((form) => delete form.dataset.sent);
});

// Fields that only one answer needs appear with it; without script all of them are there.
function unfold(field) {
  const form = field.form;
  form.querySelectorAll('[data-when]').forEach((part) => {
    part.hidden = !holds(form, part.dataset.when);
  });
}
document.querySelectorAll('form [data-when]').forEach((part) => {
  const form = part.closest('form');
  if (form.dataset.unfolds) return;
  form.dataset.unfolds = 'yes';
  form.addEventListener('change', () => unfold(form.elements[0]));
  unfold(form.elements[0]);
});

// A link to a folded record unfolds it.
function unfoldTarget() {
  const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  const form = target && target.querySelector('details.form');
  if (form && target.matches('li')) form.open = true;
}
window.addEventListener('hashchange', unfoldTarget);
unfoldTarget();

// Printing needs a script; the button appears with it.
document.querySelectorAll('[data-print]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
});
