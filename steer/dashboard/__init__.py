"""`steer dashboard`: a campaign in a browser, live. It reads, and changes nothing.

=================  ===================================================================================
`serving`          the port, the addresses that are printed, the server
`access`           who may look: token, cookie, host names, headers
`app`              routes: page, JSON, map tiles, events, metrics
`explorer`         one campaign, open for looking at, and the thread that keeps it up to date
`campaign_view`    status, lineage, refinements, jobs, logs and configuration as JSON types
`records`          the journal, read again when it has changed
`live`             progress and workers from Redis, where it answers
`atlas`, `marks`   all frames, seeds and refinements as points of the newest model's map
`binning`          points to counts and means on the screen's bins
`tiles`            a binned part of the map as bytes for the page
`colours`          what the map can be coloured by
`picking`          from a place on the screen to a frame, and to those like it
`structures`       beads and atoms, laid over each other, as PDB text
`progress`         coverage with its control, measured in the background now and then
`exposition`       the numbers in Prometheus' format
=================  ===================================================================================

``static/`` is the page: plain ES modules, with the 3-D viewer NGL in ``static/vendor/``.
"""
