// Sends operations to this server's GraphQL address with the token of the page.

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

// The fetcher that GraphiQL calls: queries and mutations by POST, subscriptions by WebSocket (graphql-transport-ws).
export function createFetcher(url, token) {
  const headers = authorization(token);
  return window.GraphiQL.createFetcher({
    url,
    subscriptionUrl: url.replace(/^http/, "ws"),
    wsConnectionParams: headers,
    headers: { Accept: ACCEPT, ...headers },
    fetch: fetchJson,
    enableIncrementalDelivery: false,
  });
}

// One operation for the page itself; answers the whole result: { data, errors }.
export async function ask(url, token, query) {
  const response = await fetchJson(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: ACCEPT, ...authorization(token) },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// A proxy in front may answer with a page of its own: say that, instead of failing on its first "<".
async function fetchJson(url, options) {
  const response = await fetch(url, options);
  const type = response.headers.get("Content-Type") ?? "nothing";
  if (!type.includes("json")) {
    throw new Error(`The server answered ${response.status} ${response.statusText} with ${type} instead of JSON.`);
  }
  return response;
}
