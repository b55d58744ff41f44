// What is measured inside a page. Each function is sent into the browser as it stands, so it knows nothing of its neighbours.

/** Opens what is folded and shows what only one answer of a form would show, so that all of a page is looked at once. */
export function expose() {
  document.querySelectorAll('details').forEach((part) => { part.open = true; });
  document.querySelectorAll('[data-when]').forEach((part) => { part.hidden = false; });
}

/** Marks what is of a sort that was not shown before, by tag, class and state of itself and of what it stands in; tells the new sorts. */
export function markFresh(known) {
  const seen = new Set(known);
  const name = (node) => `${node.tagName}.${node.getAttribute('class') ?? ''}`;
  const state = (node) => ['role', 'aria-invalid', 'aria-current', 'aria-pressed', 'type', 'disabled'].map((key) => node.getAttribute(key)).join();
  const speaks = (node) => node.matches('a, button, input, select, textarea, summary, svg') || [...node.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
  const fresh = new Set();
  for (const node of document.querySelectorAll('body *')) {
    delete node.dataset.fresh;
    if (!speaks(node) || !node.checkVisibility()) continue;
    const sort = `${name(node.parentElement)} ${state(node.parentElement)}>${name(node)} ${state(node)}`;
    if (seen.has(sort)) continue;
    node.dataset.fresh = '';
    fresh.add(sort);
  }
  return [...fresh];
}

/** Text that an elder does not read: too small, or lines too close to each other. */
export function smallText({ pixels, leading }) {
  const name = (node) => [node.tagName.toLowerCase(), ...node.classList].join('.');
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const holder = text.parentElement;
    if (text.data.trim() === '' || holder.closest('script, style, .unseen, option') || !holder.checkVisibility()) continue;
    const style = getComputedStyle(holder);
    const size = parseFloat(style.fontSize);
    const told = (sentence) => found.set(`${name(holder)} in ${name(holder.parentElement)} ${sentence}`, text.data.trim().slice(0, 20));
    if (size < pixels) told(`is ${size.toFixed(1)} px small`);
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size;
    const height = parseFloat(style.lineHeight) / size;
    if (lines > 1 && height < leading) told(`has lines ${height.toFixed(2)} apart`);
  }
  return [...found].map(([sentence, text]) => `“${text}” ${sentence}`);
}

/** What stands beside each other where everything should be in one column: places and page, label and value, two fields. */
export function columns() {
  const grids = document.querySelectorAll('.frame, .facts, .pair, .grid');
  const tracks = (node) => getComputedStyle(node).gridTemplateColumns.split(' ').length;
  const wide = [...grids].filter((node) => node.checkVisibility() && tracks(node) > 1);
  return [...new Set(wide.map((node) => `${node.className} has ${tracks(node)} columns`))];
}

/** Controls that do not show that they have the focus, or show it in a colour nobody sees. Takes the focus of each in turn. */
export function ringless({ contrast, thick }) {
  const parts = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [red, green, blue] = parts(colour).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const against = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = new Set();
  const root = document.querySelector('dialog[open]') ?? document;
  for (const node of root.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    if (node.disabled || !node.checkVisibility({ visibilityProperty: true })) continue;
    node.focus({ preventScroll: true });
    const style = getComputedStyle(node);
    const words = `${node.tagName.toLowerCase()} “${(node.textContent.trim() || node.name || node.id).split('\n')[0].slice(0, 20)}”`;
    const width = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
    const behind = ground(parseFloat(style.outlineOffset) < 0 ? node : node.parentElement);
    if (document.activeElement !== node) found.add(`${words} takes no focus`);
    else if (width < thick) found.add(`${words} shows its focus ${width} px thick`);
    else if (against(style.outlineColor, behind) < contrast) found.add(`${words} shows its focus in ${style.outlineColor} on ${behind}`);
    node.blur();
  }
  return [...found];
}

/** From now on every press of Tab tells where the press before it had led. */
export function watchTabs() {
  const told = { reached: new Set(), lost: new Set(), first: null, last: null, over: false };
  globalThis.tabs = told;
  // Where the reader begins: before everything else.
  const start = document.querySelector('dialog[open]') ?? document.body;
  start.tabIndex = -1;
  start.focus();
  start.removeAttribute('tabindex');
  const words = (node) => `${node.tagName.toLowerCase()} “${(node.textContent.trim() || node.name || node.id).split('\n')[0].slice(0, 20)}”`;
  const note = () => {
    const node = document.activeElement;
    if (told.over) return;
    if (node === document.body || node === null || (node === told.first && told.last !== node)) {
      told.over = told.first !== null;
      return;
    }
    told.first ??= node;
    if (node === told.last) return;
    told.last = node;
    told.reached.add(node);
    const [box] = node.getClientRects();
    const hit = box && document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!hit) told.lost.add(`${words(node)} has the focus outside of what is seen`);
    else if (!node.contains(hit)) told.lost.add(`${words(node)} has the focus behind ${words(hit)}`);
  };
  document.addEventListener('keydown', (event) => { if (event.key === 'Tab') note(); }, true);
}

/** What Tab never came to. One radio button of a group stands for all: the others are reached by the arrows. */
export function passedOver() {
  const { reached } = globalThis.tabs;
  const root = document.querySelector('dialog[open]') ?? document;
  const groups = new Set([...reached].filter((node) => node.type === 'radio').map((node) => node.name));
  const missing = [...root.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter(
    (node) => !reached.has(node) && !node.disabled && node.checkVisibility({ visibilityProperty: true }) && !(node.type === 'radio' && groups.has(node.name)),
  );
  return missing.map((node) => `Tab does not come to ${node.tagName.toLowerCase()} “${(node.textContent.trim() || node.name || node.id).split('\n')[0].slice(0, 20)}”`);
}

/** Links that lead to a place of this page which is not there. */
export function astray() {
  const lost = [...document.querySelectorAll('a[href^="#"]')].filter((node) => !document.getElementById(decodeURIComponent(node.hash.slice(1))));
  return lost.map((node) => `the link “${node.textContent.trim().slice(0, 30)}” leads to nothing on the page`);
}

/** What does nothing where scripts are off, and what stays hidden there. */
export function lifeless() {
  const found = [];
  const words = (node) => (node.textContent.trim() || node.name || node.id || node.getAttribute('action') || '').slice(0, 30);
  for (const node of document.querySelectorAll('button[type=button]')) if (node.checkVisibility()) found.push(`the button “${words(node)}” needs a script`);
  for (const form of document.querySelectorAll('form')) {
    const sends = form.querySelector('button:not([type=button]), input[type=submit]');
    if (!sends && form.querySelector('input:not([type=hidden]), select, textarea')) found.push(`the form for ${form.getAttribute('action')} has no button`);
    for (const field of form.querySelectorAll('[hidden] :is(input, select, textarea)')) found.push(`the field “${words(field)}” is hidden`);
  }
  return found;
}
