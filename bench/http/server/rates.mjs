/**
 * Routes for the lost-update and revival rates: the same requests for every library, by five verbs that each spells in
 * its own way. A slow handler has looked at its session and waits until it is let go, so that two requests overlap
 * exactly and not by luck.
 */
const held = new Map();

function holdOf(trial) {
  let hold = held.get(trial);
  if (hold === undefined) {
    hold = {};
    hold.entered = new Promise((resolve) => {
      hold.enter = resolve;
    });
    hold.released = new Promise((resolve) => {
      hold.release = resolve;
    });
    held.set(trial, hold);
  }
  return hold;
}

const query = (req) => new URL(req.url, 'http://localhost').searchParams;

export function rateRoutes({ open, save, end, login, increment, incrementPlainly }, send) {
  const write = async (session, key, req, res) => {
    session[key] = 'kept';
    await save(session, req, res);
    send(res, 'written');
  };
  const counted = (how) => async (req, res) => {
    const session = await open(req, res);
    how(session);
    await save(session, req, res);
    send(res, 'counted');
  };
  return {
    outside: {
      async '/entered'(req, res) {
        await holdOf(query(req).get('trial')).entered;
        send(res, 'entered');
      },
      '/release'(req, res) {
        holdOf(query(req).get('trial')).release();
        send(res, 'released');
      },
    },
    inside: {
      async '/data'(req, res) {
        const { user, a, b, n } = (await open(req, res)) ?? {};
        send(res, JSON.stringify({ user, a, b, n }));
      },
      async '/slow'(req, res) {
        const trial = query(req).get('trial');
        const session = await open(req, res);
        if (session.user !== 'ann') throw new Error('the session is not there');
        const hold = holdOf(trial);
        hold.enter();
        await hold.released;
        held.delete(trial);
        await write(session, 'a', req, res);
      },
      async '/fast'(req, res) {
        await write(await open(req, res), 'b', req, res);
      },
      '/increment': counted(increment ?? incrementPlainly),
      '/increment-plainly': counted(incrementPlainly),
      async '/logout'(req, res) {
        await end(req, res);
        send(res, 'ended');
      },
      async '/login-bob'(req, res) {
        await login(req, res, 'bob');
        send(res, 'bob');
      },
    },
  };
}

/** `session.n = session.n + 1`, as everybody writes it first. */
export function plainly(session) {
  session.n = (session.n ?? 0) + 1;
}
