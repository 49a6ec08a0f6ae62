// How loud it is at the microphone, for the check before the shift; nothing is kept or sent.

const HEARD = 0.02; // root mean square: speech at arm's length, not the hum of a fan
const FRAMES = 6; // so often heard counts

// told(level 0 to 1, heard, seconds waited) is called for each picture. Rejects as getUserMedia does.
export async function listenToMicrophone(told) {
  if (!navigator.mediaDevices) throw new Error("no microphone on an insecure address");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const began = performance.now();
  let loud = 0;
  let stopped = false;
  const look = () => {
    if (stopped) return;
    analyser.getFloatTimeDomainData(samples);
    const level = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    if (level > HEARD) loud += 1;
    told(Math.min(1, level * 4), loud >= FRAMES, (performance.now() - began) / 1000);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  return {
    stop: () => {
      stopped = true;
      for (const track of stream.getTracks()) track.stop();
      context.close();
    },
  };
}
