// The link in the mail carries the code behind a #, which the browser keeps to itself.
const digits = location.hash.replace(/\D/g, "");
if (digits.length === 8) {
  document.getElementById("code").value = `${digits.slice(0, 4)} ${digits.slice(4)}`;
}
history.replaceState(null, "", location.pathname + location.search);
