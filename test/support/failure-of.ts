/** What a promise was rejected with. */
export const failureOf = async (promise: Promise<unknown>): Promise<Error & { id?: string; hint?: string }> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
};
