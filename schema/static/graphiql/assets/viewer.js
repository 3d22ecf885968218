// Who the server takes the caller for, in one of these states:
// asking | anonymous | known (name) | refused (the token is not accepted) | unclear (message).

import { ask } from "./client.js";

export async function findViewer(url, token, viewerQuery) {
  try {
    const { data, errors } = await ask(url, token, viewerQuery);
    return judge(token, data?.viewer, errors ?? []);
  } catch (error) {
    return { state: "unclear", message: error.message };
  }
}

function judge(token, viewer, errors) {
  if (viewer) {
    return { state: "known", name: viewer.name ?? viewer.id, id: viewer.id };
  }
  const isRefused = errors.some((error) => error.extensions?.code === "UNAUTHENTICATED");
  if (errors.length > 0 && !isRefused) {
    return { state: "unclear", message: errors[0].message };
  }
  return { state: token ? "refused" : "anonymous" };
}
