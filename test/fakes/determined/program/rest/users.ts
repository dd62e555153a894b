/** Logins and users: /api/v1/auth, /api/v1/me, /api/v1/users. */
import type { Pool } from 'pg';
import { isFields } from '../../../../../src/lib/json.ts';
import {
  closeSession,
  findByPassword,
  hashedByClient,
  listUsers,
  openSession,
  setPassword,
  type User,
} from '../database/users.ts';
import { type Handler, ok, Refusal, type Route } from './reply.ts';

const shown = ({ id, username, admin, active, modifiedAt }: User) => ({
  ...{ id, username, admin, active, displayName: '', modifiedAt: modifiedAt.toISOString(), remote: false },
  agentUserGroup: { agentUid: 0, agentGid: 0, agentUser: 'root', agentGroup: 'root' },
});

const textIn = (body: unknown, key: string): string => {
  const value = isFields(body) ? body[key] : undefined;
  return typeof value === 'string' ? value : '';
};

export const userRoutes = (db: Pool): readonly Route[] => {
  const logIn: Handler = async ({ body }, response) => {
    const given = await body();
    const password = textIn(given, 'password');
    const isHashed = isFields(given) && given.isHashed === true;
    const user = await findByPassword(db, textIn(given, 'username'), isHashed ? password : hashedByClient(password));
    if (!user) throw new Refusal('unauthenticated', 'invalid credentials');
    const token = await openSession(db, user.id);
    // browsers reach /proxy/ by it
    response.setHeader('set-cookie', `auth=${token}; Path=/; HttpOnly`);
    return ok({ token, user: shown(user) });
  };
  const changeUser: Handler = async ({ path: [id = ''], body, user }) => {
    const target = (await listUsers(db)).find((one) => one.id === Number(id));
    if (!target) throw new Refusal('notFound', 'user not found');
    if (!user.admin && target.id !== user.id) throw new Refusal('forbidden', 'access denied');
    const given = await body();
    const change = isFields(given) && isFields(given.user) ? given.user : given;
    const password = textIn(change, 'password');
    const isHashed = isFields(change) && change.isHashed === true;
    if (password) await setPassword(db, target.id, isHashed ? password : hashedByClient(password));
    return ok({ user: shown(target) });
  };
  const byName: Handler = async ({ path: [name = ''] }) => {
    const found = (await listUsers(db)).find(({ username }) => username === name);
    if (!found) throw new Refusal('notFound', 'user not found');
    return ok({ user: shown(found) });
  };
  return [
    { method: 'POST', pattern: /^\/api\/v1\/auth\/login$/, isOpen: true, handle: logIn },
    {
      ...{ method: 'POST', pattern: /^\/api\/v1\/auth\/logout$/ },
      handle: async ({ token }) => {
        await closeSession(db, token);
        return ok({});
      },
    },
    { method: 'GET', pattern: /^\/api\/v1\/auth\/user$/, handle: ({ user }) => ok({ user: shown(user) }) },
    { method: 'GET', pattern: /^\/api\/v1\/me$/, handle: ({ user }) => ok({ user: shown(user) }) },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/users$/,
      handle: async () => ok({ users: (await listUsers(db)).map(shown) }),
    },
    { method: 'GET', pattern: /^\/api\/v1\/users\/([^/]+)\/by-username$/, handle: byName },
    { method: 'PATCH', pattern: /^\/api\/v1\/users\/(\d+)$/, handle: changeUser },
  ];
};
