// A link to another page of the desk opens it in the session that is there, as the list on the left
// does. A plain link would load the whole desk anew.
if (!window.deskFollowsLinks) {
    window.deskFollowsLinks = true;
    document.addEventListener("click", (event) => {
        const link = event.target.closest?.("a.inside");
        const isPlain = event.button === 0
            && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
        if (!link || !isPlain || event.defaultPrevented) return;
        event.preventDefault();
        history.pushState(null, "", link.href);
        window.dispatchEvent(new PopStateEvent("popstate"));
        document.querySelector(".stMain")?.scrollTo(0, 0);
    });
}
