import { broken, setup } from './helpers.ts';

// Run by callbacks.test.ts in a process of its own: what happens there without a listener for unhandled rejections.
const { browser, fail } = setup();

async function main(): Promise<void> {
  const { session } = await browser.begin();
  session.a = 1;
  if (process.argv[2] === 'throwing-callback') {
    session.save(() => {
      throw new Error('thrown by the callback');
    });
  } else {
    fail('create', broken());
    session.save();
  }
  await new Promise((done) => setTimeout(done, 50));
  console.log('alive');
}

void main();
