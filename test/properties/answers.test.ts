import fc from 'fast-check';
import { judge as judgeHostPort } from '../../src/proof/closed/host-port.ts';
import { parseMasterInfo } from '../../src/proof/probe/placeholder-master.ts';
import { dialMaster } from '../../src/proof/probe/reverse.ts';
import { askMaster, openSession } from '../../src/proof/real-master/api.ts';
import { mutatedJson, secretText } from '../support/properties/mutations.ts';
import { acceptAnswer, expectNoLeak, shownOf } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { refused } from '../support/properties/shares.ts';

const signal = new AbortController().signal;
const master = { scheme: 'http', host: '10.0.0.1', port: 8080, via: 'direct' } as const;

property(
  'answers: of the sample pod to a dial',
  mutatedJson(...seeds.dialAnswers),
  async (text) => {
    const found = await dialMaster({
      ask: async () => text,
      master,
      ownPort: 1,
      found: { kind: 'none' },
      placeholder: undefined,
    });
    return found.outcome === 'unasked' ? refused : undefined;
  },
  { accepts: 0.5 },
);

property(
  'answers: of a closed host port',
  mutatedJson(...seeds.dialAnswers),
  (text) => (judgeHostPort(text, 0).outcome === 'untried' ? refused : undefined),
  { accepts: 0.1, good: [JSON.stringify(seeds.dialAnswers[1])] },
);

property(
  'answers: /info of a master',
  mutatedJson(...seeds.masterAnswers),
  (text) => (parseMasterInfo(text) ? undefined : refused),
  { accepts: 0.05, good: [JSON.stringify(seeds.masterAnswers[0])] },
);

property(
  'answers: the API of a master',
  fc.record({
    status: fc.constantFrom(200, 200, 200, 303, 400, 401, 500),
    texts: fc.array(mutatedJson(...seeds.masterAnswers), { minLength: 1, maxLength: 4 }),
    logsIn: fc.boolean(),
  }),
  async ({ status, texts, logsIn }) => {
    let asked = 0;
    const http = async () => ({ status, text: texts[asked++ % texts.length] ?? '' });
    const login = async () => ({ status: 200, text: '{"token":"t"}' });
    const answered = (error: unknown): void => {
      acceptAnswer(error);
      expectNoLeak(secretText, shownOf(error));
    };
    await askMaster(http, signal).catch(answered);
    const user = { username: 'u', password: secretText };
    const session = await openSession(logsIn ? login : http, user, signal).catch(answered);
    await session?.find('c', signal).catch(answered);
    return session ? undefined : refused;
  },
  { accepts: 0.28 },
);
