// Where the API token is kept: for this tab only (sessionStorage) or on this computer (localStorage), never in both.

const KEY = "aruna-graph:token";

export function readToken() {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";
}

export function keepToken(token, { isLasting }) {
  forgetToken();
  (isLasting ? localStorage : sessionStorage).setItem(KEY, token);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

// What people paste is often the whole header or a quoted line of bootstrap.json.
export function cleanToken(pasted) {
  return pasted.trim().replace(/^Bearer\s+/i, "").replace(/^"(.*)",?$/, "$1").trim();
}
