// Elements: made, found, and filled with text alone.

export const $ = (id) => document.getElementById(id);

/** Make an element; `attributes` are set as such, and never as markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Set a text, if it is another one: what has not changed is not painted anew, nor read out again. */
export function setText(element, text) {
  const wanted = text ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Have a child of an element with a class, made when it is first asked for. */
export function part(parent, tag, name) {
  const found = parent.querySelector(`:scope > .${name}`);
  if (found) return found;
  const made = make(tag, { class: name });
  parent.append(made);
  return made;
}

let saying = 0;

/** Have a message read out, and show it for a while. */
export function say(message) {
  const said = $("said");
  said.textContent = message;
  said.classList.add("shown");
  clearTimeout(saying);
  saying = setTimeout(() => said.classList.remove("shown"), 6000);
}
