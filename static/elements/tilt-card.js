// A poster that leans towards the cursor under a moving light. One card answers at a time, in one loop that stops at rest.
const STIFFNESS = 0.066;
const DAMPING = 0.25;
const LEAN_X = 8;
const LEAN_Y = 10;
const REST = 0.004;
const able = matchMedia("(hover: hover) and (pointer: fine)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let active = null;
let shine;
let glare;
let box;
let frame = 0;
let last = 0;
// Where the light is, where it was a step ago, and where it is going: -1 to 1 from the centre.
const at = { x: 0, y: 0 };
const was = { x: 0, y: 0 };
const wanted = { x: 0, y: 0 };

class TiltCard extends HTMLElement {}

function enter(card, event) {
  leave();
  active = card;
  // Read once: reading a rectangle in every frame would make the browser lay the page out in every frame.
  box = card.getBoundingClientRect();
  [shine, glare] = card.querySelectorAll(":scope > .shine, :scope > .glare");
  card.classList.add("answering");
  at.x = at.y = was.x = was.y = 0;
  follow(event);
}

// Set on the three elements themselves: custom properties would be inherited by, and so restyle, all that is in the card.
function show() {
  const far = Math.min(Math.hypot(at.x, at.y), 1);
  const [least, more] = "foil" in active.dataset ? [0.16, 0.3] : [0.05, 0.15];
  active.style.transform = `perspective(900px) rotateX(${(-at.y * LEAN_X).toFixed(2)}deg) rotateY(${(at.x * LEAN_Y).toFixed(2)}deg) scale(1.035)`;
  shine.style.transform = `translate(${(at.x * -22).toFixed(2)}%, ${(at.y * -14).toFixed(2)}%)`;
  glare.style.transform = `translate(${(at.x * 25).toFixed(2)}%, ${(at.y * 25).toFixed(2)}%)`;
  shine.style.opacity = (least + more * far).toFixed(3);
  glare.style.opacity = (0.1 + 0.34 * far).toFixed(3);
}

function leave() {
  if (!active) return;
  cancelAnimationFrame(frame);
  frame = 0;
  // The way back is a transition of the style sheet: slow, and no work for this loop.
  active.classList.remove("answering");
  for (const { style } of [active, shine, glare]) style.transform = style.opacity = "";
  active = null;
}

function follow(event) {
  wanted.x = bound((event.clientX - box.left) / box.width);
  wanted.y = bound((event.clientY - box.top) / box.height);
  if (!frame && !document.hidden) {
    last = performance.now();
    frame = requestAnimationFrame(step);
  }
}

const bound = (part) => Math.min(Math.max(part * 2 - 1, -1), 1);

function step(now) {
  const time = Math.min(Math.max(((now - last) * 60) / 1000, 0.25), 3);
  last = now;
  let resting = true;
  for (const axis of ["x", "y"]) {
    const speed = (at[axis] - was[axis]) / time;
    const moved = (speed + STIFFNESS * (wanted[axis] - at[axis]) * time - DAMPING * speed * time) * time;
    was[axis] = at[axis];
    if (Math.abs(moved) < REST && Math.abs(wanted[axis] - at[axis]) < REST) at[axis] = was[axis] = wanted[axis];
    else { at[axis] = Math.min(Math.max(at[axis] + moved, -1), 1); resting = false; }
  }
  show();
  frame = resting ? 0 : requestAnimationFrame(step);
}

document.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse" || !able.matches || calm.matches) return;
  const card = event.target.closest?.("tilt-card");
  if (!card) leave();
  else if (card === active) follow(event);
  else enter(card, event);
}, { passive: true });
// What is cached of the card is wrong once the page moves under the cursor.
document.addEventListener("scroll", leave, { passive: true, capture: true });
document.addEventListener("pointerleave", leave);
document.addEventListener("preview-open", leave);
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });

customElements.define("tilt-card", TiltCard);
