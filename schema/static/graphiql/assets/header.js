// The bar above GraphiQL: what this is, the API token, who the server takes the caller for, a link to the guide.

import { cleanToken } from "./token.js";

const { createElement: h, useState } = window.React;

export function Header({ logoUrl, guideUrl, token, viewer, onToken, onForget }) {
  const [isEditing, setIsEditing] = useState(false);
  const isFormShown = isEditing || !token || viewer.state === "refused";

  function use(newToken, isLasting) {
    setIsEditing(false);
    onToken(newToken, isLasting);
  }

  return h(
    "header",
    { className: "bar" },
    h("img", { src: logoUrl, alt: "", width: 28, height: 28 }),
    h("h1", null, "aruna-graph"),
    h("span", { className: "bar-space" }),
    h(ViewerHint, { viewer }),
    isFormShown
      ? h(TokenForm, { onToken: use, onCancel: isEditing ? () => setIsEditing(false) : null })
      : h("button", { type: "button", onClick: () => setIsEditing(true) }, "Change token"),
    token && !isEditing && h("button", { type: "button", onClick: onForget }, "Forget token"),
    h("a", { href: guideUrl, target: "_blank", rel: "noopener" }, "Guide"),
  );
}

function TokenForm({ onToken, onCancel }) {
  const [text, setText] = useState("");
  const [isLasting, setIsLasting] = useState(false);

  function submit(event) {
    event.preventDefault();
    const token = cleanToken(text);
    if (token) {
      setText("");
      onToken(token, isLasting);
    }
  }

  return h(
    "form",
    { className: "token", onSubmit: submit },
    h("label", { htmlFor: "token" }, "API token"),
    h("input", {
      id: "token",
      type: "password",
      value: text,
      placeholder: "paste it here",
      autoComplete: "off",
      spellCheck: false,
      onChange: (event) => setText(event.target.value),
    }),
    h(
      "label",
      { className: "token-lasting", title: "Otherwise it is forgotten when this tab is closed." },
      h("input", {
        type: "checkbox",
        checked: isLasting,
        onChange: (event) => setIsLasting(event.target.checked),
      }),
      "keep on this computer",
    ),
    h("button", { type: "submit", className: "main", disabled: !cleanToken(text) }, "Use token"),
    onCancel && h("button", { type: "button", onClick: onCancel }, "Cancel"),
  );
}

const HINTS = {
  asking: () => "Asking who you are…",
  anonymous: () => "Anonymous: you see what is public",
  known: (viewer) => ["Signed in as ", h("strong", { key: "name" }, viewer.name)],
  refused: () => "This token isn't accepted",
  unclear: () => "Can't tell who you are",
};

function ViewerHint({ viewer }) {
  return h(
    "span",
    { className: `viewer viewer-${viewer.state}`, role: "status", title: viewer.message ?? viewer.id ?? "" },
    HINTS[viewer.state](viewer),
  );
}
