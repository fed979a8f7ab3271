"""What FFmpeg may do with the bytes of strangers: these demuxers and decoders, and no protocol.

Left out are demuxers that open other files and addresses (HLS, DASH, concat, SDP, sequences of
images), those that run programs of a kind (tracker music, filter graphs), and whatever nobody keeps
speech in.
"""

DEMUXERS = (
    # Containers.
    "aiff",
    "asf",
    "au",
    "avi",
    "caf",
    "flv",
    "matroska",
    "mov",
    "mpeg",
    "mpegts",
    "ogg",
    "w64",
    "wav",
    # Bare streams that tell where their frames begin.
    "aac",
    "ac3",
    "amr",
    "ape",
    "dts",
    "eac3",
    "flac",
    "loas",
    "mp3",
    "tta",
    "voc",
    "wv",
)
"""Names that FFmpeg gives its readers; one of several names is enough."""

DECODERS = (
    "aac",
    "aac_fixed",
    "aac_latm",
    "ac3",
    "adpcm_ima_qt",
    "adpcm_ima_wav",
    "adpcm_ms",
    "adpcm_swf",
    "alac",
    "amrnb",
    "amrwb",
    "ape",
    "dca",
    "eac3",
    "flac",
    "g722",
    "g726",
    "g726le",
    "gsm",
    "gsm_ms",
    "libopencore_amrnb",
    "libopencore_amrwb",
    "libopus",
    "mp1",
    "mp1float",
    "mp2",
    "mp2float",
    "mp3",
    "mp3float",
    "nellymoser",
    "opus",
    "pcm_alaw",
    "pcm_bluray",
    "pcm_dvd",
    "pcm_f32be",
    "pcm_f32le",
    "pcm_f64be",
    "pcm_f64le",
    "pcm_mulaw",
    "pcm_s16be",
    "pcm_s16le",
    "pcm_s24be",
    "pcm_s24le",
    "pcm_s32be",
    "pcm_s32le",
    "pcm_s8",
    "pcm_u8",
    "speex",
    "tta",
    "vorbis",
    "wavpack",
    "wmalossless",
    "wmapro",
    "wmav1",
    "wmav2",
    "wmavoice",
)
"""Names of the audio decoders that may be opened: no picture is looked at."""

STRANGERS = {
    "protocol_whitelist": "none",
    "format_whitelist": ",".join(DEMUXERS),
    "codec_whitelist": ",".join(DECODERS),
}
"""Options of FFmpeg for files that are not the user's own."""
