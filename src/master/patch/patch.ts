import { type Document, isAlias, isMap, isSeq, type YAMLMap } from 'yaml';
import { type ErrorId, UserError } from '../../lib/errors.ts';
import { isDevcluster, masterConfigsOf } from '../rules/devcluster.ts';
import { readMasterFile } from '../rules/master.ts';
import { clusterNameOf } from '../rules/resource-manager.ts';
import type { Manager } from '../rules/rule.ts';
import { findItem, findString, type Item, openDocument, parseLocated } from '../schema/document.ts';
import { errorAt, type Problem } from '../schema/problem.ts';
import { connectionOf } from '../write/config.ts';
import { escapeDollars } from '../write/devcluster.ts';
import type { ManagerValues } from '../write/values.ts';
import { atOriginalPositions, findFaults, findStrayChanges, findVariablesLeft, type PatchTarget } from './check.ts';
import { applyEdits, type Edit, editMap, findPair, renameKey } from './map-edit.ts';

/** Values for the one Kubernetes resource manager of a file, or for those of the named clusters. */
export type PatchValues = ManagerValues | { readonly byCluster: ReadonlyMap<string, ManagerValues> };

/** A user's own configuration; `name` is for messages. */
export type ConfigFile = { readonly name: string; readonly text: string };

/** The changed text, and the cluster names of the changed resource managers. */
export type Patched = { readonly text: string; readonly clusters: readonly string[] };

const shownProblems = 4;

/** Lists problems as `file:line:column: key: message`. */
const failure = (file: ConfigFile, id: ErrorId, problems: readonly Problem[]): UserError => {
  const lines = problems.map(
    ({ line, column, path, message }) => `${file.name}:${line}:${column}: ${path && `${path}: `}${message}`,
  );
  const more = lines.length > shownProblems ? `; and ${lines.length - shownProblems} more` : '';
  const hints = [...new Set(problems.flatMap(({ hint }) => hint ?? []))].join('; ');
  return new UserError(lines.slice(0, shownProblems).join('; ') + more, { id, ...(hints && { hint: hints }) });
};

const verifyNone = (file: ConfigFile, id: ErrorId, problems: readonly Problem[]): void => {
  if (problems.length > 0) throw failure(file, id, problems);
};

const parse = (file: ConfigFile): Item => {
  const { root, problems } = parseLocated(file.text);
  verifyNone(file, 'usage.patch-syntax', problems);
  if (!root) throw new Error('a file without problems has no content');
  return root;
};

const managersOf = (root: Item): readonly Manager[] =>
  (isDevcluster(root) ? masterConfigsOf(root) : [root])
    .flatMap((config) => (config.kind === 'map' ? readMasterFile(config).managers : []))
    .filter(({ block }) => findString(block, 'type') === 'kubernetes');

const quoted = (managers: readonly Manager[]): string =>
  managers.map((manager) => `'${clusterNameOf(manager)}' on line ${manager.block.line}`).join(', ');

const wantedNames = (values: PatchValues, managers: readonly Manager[]): readonly string[] =>
  'byCluster' in values ? [...values.byCluster.keys()] : managers.slice(0, 1).map(clusterNameOf);

/** What is ambiguous: several resource managers for one set of values, or several of one wanted name. */
const findAmbiguous = (managers: readonly Manager[], values: PatchValues): readonly Problem[] => {
  if ('byCluster' in values) {
    return wantedNames(values, managers).flatMap((name) => {
      const [first, ...others] = managers.filter((manager) => clusterNameOf(manager) === name);
      const message = `'${name}' is also the name of the resource manager on line ${first?.block.line}`;
      return others.map(({ block }) => errorAt(block, message, 'give each its own cluster_name'));
    });
  }
  const message = `there are several Kubernetes resource managers (${quoted(managers)}), and they cannot share one Gateway`;
  return managers.slice(1, 2).map(({ block }) => errorAt(block, message, 'name the instance for each cluster name'));
};

const findUnknown = (root: Item, managers: readonly Manager[], values: PatchValues): readonly Problem[] =>
  wantedNames(values, managers)
    .filter((name) => !managers.some((manager) => clusterNameOf(manager) === name))
    .map((name) => `no Kubernetes resource manager has the cluster name '${name}'`)
    .map((message) => errorAt(root, message, `the file has ${quoted(managers)}`));

const targetsOf = (file: ConfigFile, root: Item, values: PatchValues): readonly PatchTarget[] => {
  const managers = managersOf(root);
  if (managers.length === 0) {
    const place = findItem(root, 'resource_manager') ?? root;
    const problem = errorAt(place, 'there is no Kubernetes resource manager', 'add one with type: kubernetes');
    verifyNone(file, 'usage.patch-no-manager', [problem]);
  }
  verifyNone(file, 'usage.patch-ambiguous', findAmbiguous(managers, values));
  verifyNone(file, 'usage.patch-unknown', findUnknown(root, managers, values));
  return managers.flatMap((manager) => {
    const own = 'byCluster' in values ? values.byCluster.get(clusterNameOf(manager)) : values;
    if (!own) return [];
    const wanted = connectionOf(own);
    return [{ manager, wanted: isDevcluster(root) ? escapeDollars(wanted) : wanted }];
  });
};

/** The node at the path of an item; undefined for an item merged by `<<`. */
const findNode = (document: Document, path: string): YAMLMap | undefined => {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  if (keys.includes('<<')) return undefined;
  const found = keys.reduce<unknown>((parent, key) => {
    if (isSeq(parent)) return resolved(parent.items[Number(key)]);
    return isMap(parent) ? resolved(findPair(parent, key.toLowerCase())?.value) : undefined;
  }, document.contents);
  return isMap(found) ? found : undefined;
};

/** Changes each target's block by `edit`. */
const withEdits = (
  file: ConfigFile,
  targets: readonly PatchTarget[],
  edit: (node: YAMLMap, target: PatchTarget) => readonly Edit[],
): ConfigFile => {
  const document = openDocument(file.text);
  const edits = targets.flatMap((target) => {
    const { block } = target.manager;
    const node = findNode(document, block.path);
    if (node) return edit(node, target);
    const hint = 'replace the << by the fields themselves';
    throw failure(file, 'usage.patch-shared', [errorAt(block, 'is merged by << from elsewhere in the file', hint)]);
  });
  return { ...file, text: applyEdits(file.text, edits) };
};

/**
 * Writes the Gateway, kubeconfig and address of the master into the Kubernetes resource managers of a user's `master.yaml`
 * or devcluster file; everything else stays byte for byte. Throws UserError `usage.patch-*` (syntax, no-manager, ambiguous,
 * unknown, shared, variable) or `usage.master-values`, with the position of each problem.
 */
export const patchConfig = (file: ConfigFile, values: PatchValues): Patched => {
  const root = parse(file);
  const targets = targetsOf(file, root, values);
  const renamed = withEdits(file, targets, (node) => renameKey(node, 'determined_master_ip', 'determined_master_host'));
  const patched = withEdits(renamed, targets, (node, { wanted }) => editMap(renamed.text, node, wanted));
  const after = parse(patched);
  verifyNone(file, 'usage.patch-shared', atOriginalPositions(root, findStrayChanges({ before: root, after, targets })));
  verifyNone(file, 'usage.patch-variable', atOriginalPositions(root, findVariablesLeft(after, targets)));
  verifyNone(file, 'usage.master-values', atOriginalPositions(root, findFaults(patched.text, targets)));
  return { text: patched.text, clusters: targets.map(({ manager }) => clusterNameOf(manager)) };
};
