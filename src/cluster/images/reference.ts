import { UserError } from '../../lib/errors.ts';

/** distribution's reference grammar (github.com/distribution/reference, regexp.go), less what nobody writes. */
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?';
const whole = new RegExp(
  `^(?:(${host})/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** Whether the first part of a name is a registry: it has a dot or a port, or is `localhost`. */
const isRegistry = (first: string): boolean => /[.:A-Z]/.test(first) || first === 'localhost';

/**
 * An image's name in full, as kubelet looks for it: `python:3` as `docker.io/library/python:3`, `latest` where there is no tag.
 * Undefined for what is no name.
 */
export const findFullName = (name: string): string | undefined => {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && isRegistry(first);
  const [, registry = '', path = '', tag, digest] = whole.exec(hasRegistry ? name : `docker.io/${name}`) ?? [];
  // what looks like a registry and cannot be one is none
  if (registry === '') return undefined;
  const isHub = registry === 'docker.io' || registry === 'index.docker.io';
  const repository = isHub && !path.includes('/') ? `library/${path}` : path;
  const full = `${isHub ? 'docker.io' : registry}/${repository}`;
  // with both, containerd keeps the digest alone
  if (digest) return `${full}@${digest}`;
  return `${full}:${tag ?? 'latest'}`;
};

/** {@link findFullName} of what must be one. Throws UserError `usage.image-name`. */
export const fullNameOf = (name: string): string => {
  const full = findFullName(name);
  if (full !== undefined) return full;
  throw new UserError(`'${name}' is no name of an image`, {
    id: 'usage.image-name',
    hint: 'write it as [REGISTRY/]NAME:TAG, in lower case, such as my/task:1',
  });
};
