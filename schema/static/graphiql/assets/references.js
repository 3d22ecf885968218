// Replaces "ref:project/path" in the variables of an example by the id of that resource, so that it runs as it stands.

// Answers the variables with each reference that the caller can see replaced; the others stay as they are, to be
// filled in by hand. `askQuery` runs a query and answers { data, errors }.
export async function resolveReferences(variables, prefix, askQuery) {
  const references = [...new Set(findReferences(variables, prefix))];
  if (references.length === 0) {
    return variables;
  }
  const fields = references.map(
    (reference, index) => `r${index}: resource(ref: ${JSON.stringify(reference.slice(prefix.length))}) { id }`,
  );
  const { data } = await askQuery(`query ResolveReferences { ${fields.join(" ")} }`);
  const ids = new Map(references.map((reference, index) => [reference, data?.[`r${index}`]?.id]));
  return replaceReferences(variables, ids);
}

function findReferences(value, prefix) {
  if (typeof value === "string") {
    return value.startsWith(prefix) ? [value] : [];
  }
  return isNested(value) ? Object.values(value).flatMap((item) => findReferences(item, prefix)) : [];
}

function replaceReferences(value, ids) {
  if (Array.isArray(value)) {
    return value.map((item) => replaceReferences(item, ids));
  }
  if (isNested(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceReferences(item, ids)]));
  }
  return ids.get(value) ?? value;
}

function isNested(value) {
  return typeof value === "object" && value !== null;
}
