// The list of saved operations, as a plugin in GraphiQL's side bar. Choosing one opens it in a tab.

import { resolveReferences } from "./references.js";

const { createElement: h, useEffect, useState } = window.React;
const { useEditorContext } = window.GraphiQL.React;

export const EXAMPLES_TITLE = "Examples";

// `askQuery` runs a query as the caller of the moment: plugins are made once, the token changes.
export function examplesPlugin(examples, referencePrefix, askQuery) {
  return {
    title: EXAMPLES_TITLE,
    icon: BookIcon,
    content: () => h(ExampleList, { examples, referencePrefix, askQuery }),
  };
}

function ExampleList({ examples, referencePrefix, askQuery }) {
  const openTab = useTabOpener();

  async function open(example) {
    const variables = await resolveReferences(example.variables, referencePrefix, askQuery).catch(
      () => example.variables,
    );
    openTab(example.query, Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : "");
  }

  const groups = [...new Set(examples.map((example) => example.group))];
  return h(
    "section",
    { className: "examples", "aria-label": "Saved operations" },
    h("h2", null, EXAMPLES_TITLE),
    h("p", null, "Each opens in a tab of its own. Change what you like, then run it with Ctrl-Enter."),
    groups.map((group) =>
      h(
        "div",
        { key: group },
        h("h3", null, group),
        h(
          "ul",
          null,
          examples
            .filter((example) => example.group === group)
            .map((example) => h(ExampleItem, { key: example.operationName, example, onOpen: () => open(example) })),
        ),
      ),
    ),
  );
}

function ExampleItem({ example, onOpen }) {
  const isMutation = example.query.startsWith("mutation");
  return h(
    "li",
    null,
    h(
      "button",
      { type: "button", className: "example", onClick: onOpen },
      h(
        "span",
        { className: "example-title" },
        example.title,
        isMutation && h("span", { className: "example-mark" }, "changes data"),
      ),
      h("span", { className: "example-description" }, example.description),
    ),
  );
}

// GraphiQL's addTab opens an empty tab and says nothing when it is there: the contents follow once it is the active one.
function useTabOpener() {
  const { tabs, activeTabIndex, addTab, changeTab, updateActiveTabValues, queryEditor, variableEditor } =
    useEditorContext({ nonNull: true });
  const [waiting, setWaiting] = useState(null);

  useEffect(() => {
    if (waiting && activeTabIndex === waiting.tabIndex) {
      queryEditor.setValue(waiting.query);
      variableEditor.setValue(waiting.variables);
      // The tabs hear of changed editors a little later; said now, a second click finds this tab.
      updateActiveTabValues({ query: waiting.query, variables: waiting.variables });
      queryEditor.focus();
      setWaiting(null);
    }
  }, [waiting, activeTabIndex, updateActiveTabValues, queryEditor, variableEditor]);

  return (query, variables) => {
    const openIndex = tabs.findIndex((tab) => tab.query === query && (tab.variables ?? "") === variables);
    if (openIndex >= 0) {
      changeTab(openIndex);
    } else {
      setWaiting({ tabIndex: tabs.length, query, variables });
      addTab();
    }
  };
}

function BookIcon() {
  return h(
    "svg",
    { height: "1em", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.5 },
    h("path", { d: "M5 4.500h11a2 2 0 0 1 2 2V20H7a2 2 0 0 1-2-2z", strokeLinejoin: "round" }),
    h("path", { d: "M5 18a2 2 0 0 1 2-2h11M9 8h5M9 11.500h5", strokeLinecap: "round" }),
  );
}
