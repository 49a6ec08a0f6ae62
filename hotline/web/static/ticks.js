// A worker that only counts: browsers slow the timers of a hidden page down to one a minute, those of a worker not.

onmessage = ({ data: { id, wait } }) => setTimeout(() => postMessage(id), wait);
