// Puts the page together: the header bar above, GraphiQL with its explorer and our list of examples below.

import { ask, createFetcher } from "./client.js";
import { EXAMPLES_TITLE, examplesPlugin } from "./examples.js";
import { Header } from "./header.js";
import { forgetToken, keepToken, readToken } from "./token.js";
import { findViewer } from "./viewer.js";

const { GraphiQL, GraphiQLPluginExplorer, React, ReactDOM } = window;
const { createElement: h, useEffect, useMemo, useState } = React;

const settings = JSON.parse(document.getElementById("settings").textContent);
const graphqlUrl = window.location.origin + window.location.pathname;
const logoUrl = new URL("logo.svg", import.meta.url).href;
const guideUrl = new URL("guide.html", import.meta.url).href;

// GraphiQL's tabs and settings lie beside the token, under a name of our own.
const storage = GraphiQL.createLocalStorage({ namespace: "aruna-graph" });
if (storage.getItem("graphiql:visiblePlugin") === null) {
  storage.setItem("graphiql:visiblePlugin", EXAMPLES_TITLE);
}

// Made once: GraphiQL would open and close the side bar anew for a new list.
const plugins = [
  examplesPlugin(settings.examples, settings.referencePrefix, (query) => ask(graphqlUrl, readToken(), query)),
  GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false }),
];
const firstTabs = settings.examples.slice(0, 1).map(({ query }) => ({ query }));

function Page() {
  const [token, setToken] = useState(readToken);
  const [viewer, setViewer] = useState({ state: "asking" });
  const fetcher = useMemo(() => createFetcher(graphqlUrl, token), [token]);

  useEffect(() => {
    let isCurrent = true;
    setViewer({ state: "asking" });
    findViewer(graphqlUrl, token, settings.viewerQuery).then((found) => isCurrent && setViewer(found));
    return () => {
      isCurrent = false;
    };
  }, [token]);

  function takeToken(newToken, isLasting) {
    keepToken(newToken, { isLasting });
    setToken(newToken);
  }

  function dropToken() {
    forgetToken();
    setToken("");
  }

  return h(
    React.Fragment,
    null,
    h(Header, { logoUrl, guideUrl, token, viewer, onToken: takeToken, onForget: dropToken }),
    h(
      "main",
      null,
      h(
        GraphiQL,
        {
          fetcher,
          plugins,
          storage,
          defaultTabs: firstTabs,
          defaultQuery: "",
          defaultEditorToolsVisibility: true,
          inputValueDeprecation: true,
          schemaDescription: true,
          shouldPersistHeaders: false,
        },
        h(GraphiQL.Logo, null, "GraphiQL"),
      ),
    ),
  );
}

ReactDOM.createRoot(document.getElementById("page")).render(h(Page));
