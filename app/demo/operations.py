"""The GraphQL operations that build the demo; a test validates each against the schema."""

from typing import Final

TREE: Final = """
query Tree($project: String!, $after: String) {
  resource(ref: $project) {
    id
    ... on Container {
      descendants(first: 100, after: $after) {
        edges {
          path
          node {
            id
            title
            labels { key value }
            ... on Object { state etag }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""

MAKE_PROJECT: Final = """
mutation MakeProject($input: ProjectCreateInput!) {
  projectCreate(input: $input) { project { id } userErrors { code message } }
}
"""

MAKE_COLLECTION: Final = """
mutation MakeCollection($input: CollectionCreateInput!) {
  collectionCreate(input: $input) { collection { id } userErrors { code message } }
}
"""

MAKE_DATASET: Final = """
mutation MakeDataset($input: DatasetCreateInput!) {
  datasetCreate(input: $input) { dataset { id } userErrors { code message } }
}
"""

MAKE_OBJECT: Final = """
mutation MakeObject($input: ObjectCreateInput!) {
  objectCreate(input: $input) { object { id state } upload { id url } userErrors { code message } }
}
"""

BEGIN_UPLOAD: Final = """
mutation BeginUpload($id: ID!, $input: ObjectUploadBeginInput!) {
  objectUploadBegin(id: $id, input: $input) { upload { id url } userErrors { code message } }
}
"""

FINISH_UPLOAD: Final = """
mutation FinishUpload($id: ID!) {
  objectUploadFinish(id: $id) { object { state } userErrors { code message } }
}
"""

SET_TITLE: Final = """
mutation SetTitle($id: ID!, $title: String!) {
  resourceUpdate(id: $id, input: {title: $title}) { resource { id } userErrors { code message } }
}
"""

SET_LABELS: Final = """
mutation SetLabels($id: ID!, $labels: [LabelInput!]!) {
  labelsSet(id: $id, labels: $labels) { resource { id } userErrors { code message } }
}
"""

SNAPSHOTS: Final = """
query Snapshots($id: ID!) {
  node(id: $id) { ... on Container { latestSnapshot { id version } } }
}
"""

TAKE_SNAPSHOT: Final = """
mutation TakeSnapshot($id: ID!, $version: String!) {
  snapshotCreate(id: $id, version: $version) { snapshot { id } userErrors { code message } }
}
"""

RELATE: Final = """
mutation Relate($id: ID!, $relations: [RelationInput!]!, $external: [ExternalRelationInput!]!) {
  relationsAdd(id: $id, relations: $relations, external: $external) { changed userErrors { code message } }
}
"""

RELATED: Final = """
query Related($id: ID!, $after: String) {
  node(id: $id) {
    ... on Resource {
      relations(first: 100, after: $after, kinds: [CUSTOM], direction: OUT) {
        nodes { name other { id state } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""

DELETE: Final = """
mutation Delete($id: ID!) {
  resourceDelete(id: $id) { resource { state } userErrors { code message } }
}
"""

USERS: Final = """
query Users($after: String) {
  users(first: 100, after: $after) {
    nodes { id displayName }
    pageInfo { hasNextPage endCursor }
  }
}
"""

MAKE_USER: Final = """
mutation MakeUser($name: String!) {
  userCreate(input: {displayName: $name}) { user { id } secret userErrors { code message } }
}
"""

GRANTS: Final = """
query Grants($id: ID!) {
  node(id: $id) { ... on Resource { grants { user { id } level } } }
}
"""

GRANT_READ: Final = """
mutation GrantRead($id: ID!, $user: ID!) {
  grantSet(id: $id, principal: $user, level: READ) { resource { id } userErrors { code message } }
}
"""
